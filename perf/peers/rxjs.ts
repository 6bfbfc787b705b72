/** RxJS 7: push, synchronous, no back-pressure. */
import { concatMap, from, map, mergeMap, Subject } from 'rxjs'
import { f, fAsync, g, gAsync, h, hAsync, type Sink } from '../throughput/three-functions.ts'

export function maps(input: readonly number[], sink: Sink): void {
  from(input).pipe(map(f), map(g), map(h)).subscribe(sink)
}

/** As programs grow: a Subject between every two stages, so that each can be watched and shared. */
export function subjectAStage(input: readonly number[], sink: Sink): void {
  const [first, second, third, last] = [0, 1, 2, 3].map(() => new Subject<number>()) as [
    Subject<number>,
    Subject<number>,
    Subject<number>,
    Subject<number>,
  ]
  first.pipe(map(f)).subscribe(second)
  second.pipe(map(g)).subscribe(third)
  third.pipe(map(h)).subscribe(last)
  last.subscribe(sink)
  from(input).subscribe(first)
}

export function concatMaps(input: readonly number[], sink: Sink): Promise<void> {
  return from(input).pipe(concatMap(fAsync), concatMap(gAsync), concatMap(hAsync)).forEach(sink)
}

export function mergeMaps64(input: readonly number[], sink: Sink): Promise<void> {
  return from(input).pipe(mergeMap(fAsync, 64), mergeMap(gAsync, 64), mergeMap(hAsync, 64)).forEach(sink)
}
