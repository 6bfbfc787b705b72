/** RxJS 7: push, synchronous, no back-pressure. */
import { concatMap, from, map, mergeMap, Subject } from 'rxjs'
import { type AsyncSteps, f, g, h, type Sink } from '../throughput/three-functions.ts'

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

export function concatMaps([f, g, h]: AsyncSteps) {
  return (input: readonly number[], sink: Sink): Promise<void> =>
    from(input).pipe(concatMap(f), concatMap(g), concatMap(h)).forEach(sink)
}

export function mergeMaps64([f, g, h]: AsyncSteps) {
  return (input: readonly number[], sink: Sink): Promise<void> =>
    from(input).pipe(mergeMap(f, 64), mergeMap(g, 64), mergeMap(h, 64)).forEach(sink)
}
