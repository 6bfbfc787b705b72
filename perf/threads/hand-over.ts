/**
 * One item alone from a stage on a thread to the next on another: from the end of the one handler to the start of the other,
 * by a clock that all threads share.
 *
 *     ask ─▶ [stamp, thread] ─▶ [since then, thread] ─▶ answer
 *
 * As soon as the answer is there, and after a millisecond of silence, in which everybody has gone to sleep. Aim: at most twice
 * what the ring alone takes, with a reader that spins 20,000 times and then waits.
 */
import { setTimeout as silence } from 'node:timers/promises'
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { spread } from '../harness/statistics.ts'
import { sinceStamp, stamp } from './actors.ts'
import { BareThread, ringOf } from './bare.ts'
import type { Entrant, Row } from './race.ts'

export interface Sizes {
  readonly spinning: number
  readonly parked: number
}
export const sizes = ({ quick }: Settings): Sizes => ({ spinning: quick ? 200 : 2_000, parked: quick ? 30 : 200 })

export function handOver(sizes: Sizes): Row {
  const ring = ringOf(1, 2)
  let threads: BareThread[] = []
  const bare = (name: string, items: number, silence: number): Entrant => ({
    name,
    open: async () => {
      threads = threads.length > 0 ? threads : [new BareThread(), new BareThread()]
    },
    figure: async () => {
      const [, { micros }] = await Promise.all([
        threads[0]!.do({ does: 'send stamps', ring, items, silence }),
        threads[1]!.do({ does: 'take stamps', ring, items }),
      ])
      return middle(micros, items)
    },
    close: async () => {
      await Promise.all(threads.map(thread => thread.close()))
      threads = []
    },
  })
  const open = () =>
    pipeline<number>('hand-over')
      .stage('stamp', stamp, { on: 'threads' })
      .stage('since', sinceStamp, { on: 'threads' })
      .run()
  const asked = (name: string, items: number, pause: number): Entrant => {
    let run: ReturnType<typeof open>
    const figure = async (items: number) => {
      const micros: number[] = []
      for (let item = 0; item < items; item++) {
        if (pause > 0) await silence(pause)
        micros.push(...(await run.ask(item)))
      }
      return middle(micros, items)
    }
    return {
      name,
      open: async () => {
        run = open()
        for (let item = 0; item < 500; item++) await run.ask(item)
      },
      figure: () => figure(items),
      close: () => {
        run.end()
        return run.done
      },
    }
  }
  return {
    name: 'hand-over',
    title: 'one item alone, from handler to handler on another thread',
    unit: 'µs',
    entrants: [
      asked('millrace, at once', sizes.spinning, 0),
      bare('ring, at once', sizes.spinning, 0),
      asked('millrace, after 1 ms', sizes.parked, 1),
      bare('ring, after 1 ms', sizes.parked, 1),
    ],
    aims: [
      { says: 'at once, times the ring', ratio: of => of('millrace, at once') / of('ring, at once'), most: 2 },
      { says: 'after 1 ms, times the ring', ratio: of => of('millrace, after 1 ms') / of('ring, after 1 ms'), most: 2 },
    ],
    remarks: ['a figure is the median of its items; reading the clock twice is in it, some 0.2 µs'],
  }
}

function middle(micros: readonly number[], items: number): number {
  if (micros.length !== items) throw new Error(`${micros.length} answers instead of ${items}`)
  if (micros.some(each => !(each >= 0))) throw new Error('an item came before it went')
  return spread(micros).median
}
