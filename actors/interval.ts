/** Ticks of a clock. */
import type { Clock, Options, SourceContext } from '../src/index.ts'
import { checkArguments, isSpan, mustNotBeSource } from './accepts.ts'

export const intervalArguments = {
  millis: {
    expected: 'a number of milliseconds above 0',
    accepts: isSpan,
    required: true,
    doc: 'How long it is from one tick to the next.',
  },
} satisfies Options

/**
 * A source: 0, 1, 2 …, one every `millis` milliseconds by the clock of the run; the first when they have gone by once.
 *
 *     pipeline('poll').from(interval(60_000), { capacity: 0 })
 *
 * It has no end: `stop()` ends it. Each tick is the number of its period, so a number that is missing is a tick that was
 * missed: while the pipeline takes nothing they do not pile up, and when it asks again it is given the latest one that is
 * due. What the channel behind the source holds has been taken, and that is 1,024 ticks unless it is told otherwise: with
 * `{ capacity: 0 }` a tick comes only when a stage has nothing else to do.
 *
 * Ticks are counted from the start of the run, so they do not drift.
 *
 * @throws {InvalidOption} when `millis` is no number above 0.
 */
export function interval(millis: number): (context: SourceContext) => AsyncIterable<number> {
  mustNotBeSource(millis, interval, 'interval(millis)')
  checkArguments({ millis }, intervalArguments, 'interval')
  return ({ clock }) => ({ [Symbol.asyncIterator]: () => ticks(millis, clock) })
}

/** No generator, as the `return` of one would wait for the tick that was asked for. */
function ticks(millis: number, clock: Clock): AsyncIterator<number> {
  const start = clock.now()
  const over: IteratorResult<number> = { done: true, value: undefined }
  /** The tick that was given last. */
  let last = -1
  let isOver = false
  let timer: unknown
  let end = () => {}

  /** The latest tick that is due. */
  const due = () => Math.floor((clock.now() - start) / millis) - 1
  const give = (tick: number): IteratorResult<number> => {
    last = tick
    return { done: false, value: tick }
  }
  const wait = (resolve: (result: IteratorResult<number>) => void) => {
    const at = start + (last + 2) * millis
    const left = at - clock.now()
    if (left <= 0) return resolve(give(Math.max(due(), last + 1)))
    timer = clock.setTimeout(() => wait(resolve), left)
  }
  return {
    next() {
      if (isOver) return Promise.resolve(over)
      return new Promise(resolve => {
        end = () => resolve(over)
        wait(resolve)
      })
    },
    return() {
      isOver = true
      clock.clearTimeout(timer)
      end()
      return Promise.resolve(over)
    },
  }
}
