/**
 * The speed of a pipeline that runs: the clock starts with a result, when the run is warm, and stops with the last.
 *
 *     results   warm for `warmMillis` … │ those on their way … │ clock ─▶ `count` items ─▶ clock
 *
 * Every result is held against its answer, those before the clock too. The source goes on until the sink knows where the
 * end is, so nothing stands still in between.
 */
import type { Flow } from '../../src/index.ts'

export type Reading = 'subscribe' | 'consume'

export interface Course {
  /** The stages behind a source. */
  readonly behind: (source: () => Iterable<any>) => Flow<any>
  /** `turn`: the first place of what is timed. */
  readonly item: (place: number, turn: number) => unknown
  /** Whether result `place` is what it has to be. */
  readonly isRight: (result: any, place: number) => boolean
  /** Items that are timed. */
  readonly count: number
  readonly warmMillis: number
  readonly reading: Reading
  /** Items of the source that lead to one result. @default 1 */
  readonly perResult?: number
}

/** Milliseconds, for `count` items. */
export async function steady(course: Course): Promise<number> {
  const { item, isRight, count, warmMillis, perResult = 1 } = course
  let made = 0
  let turn = Number.MAX_SAFE_INTEGER
  let limit = Number.MAX_SAFE_INTEGER
  let seen = 0
  let target = 1
  let firstAt = 0
  let startedAt = 0
  let endedAt = 0
  let wrong = -1
  function* source() {
    while (made < limit) {
      const place = made++
      yield item(place, turn)
    }
  }
  const sink = (result: unknown) => {
    if (!isRight(result, seen) && wrong < 0) wrong = seen
    if (++seen === target) mark(performance.now())
  }
  function mark(now: number) {
    if (startedAt !== 0) {
      endedAt = now
    } else if (limit !== Number.MAX_SAFE_INTEGER) {
      startedAt = now
      target = limit / perResult
    } else {
      firstAt ||= now
      // Looked at so often that the end of the warm-up is seen, and so seldom that it costs nothing.
      target += now - firstAt < warmMillis / 2 ? Math.ceil(seen / 8) : Math.ceil(seen / 64)
      if (now - firstAt < warmMillis) return
      const results = Math.max(Math.ceil(made / perResult), seen + 1)
      turn = results * perResult
      limit = Math.ceil((turn + count) / perResult) * perResult
      target = results
    }
  }
  const run = course.behind(source).run()
  if (course.reading === 'consume') await run.consume(sink)
  else run.output.subscribe(sink)
  await run.done
  if (wrong >= 0) throw new Error(`result ${wrong} is wrong, or in the wrong place`)
  if (endedAt === 0 || seen !== target) throw new Error(`${seen} results instead of ${target}`)
  return ((endedAt - startedAt) * count) / (limit - turn)
}
