/**
 * A body that takes items itself, fed in step, one item after another: what it emits between two takes belongs to the item
 * taken last, and what it emits before it has one to none.
 */

import type { OpenFeed } from '../actor/feed.ts'
import type { JumpingTime } from '../jumping-clock.ts'
import type { BehaviourBody } from './plan.ts'

/** `extras`: what was emitted and is not lost with an item that fails. */
export type Fed = Pick<BehaviourBody, 'receive' | 'flush'> & { readonly extras: unknown[] }

export function fed(open: OpenFeed, isStreaming: boolean, time: JumpingTime): Fed {
  const outputs: unknown[] = []
  const extras: unknown[] = []
  let feed: ReturnType<OpenFeed> | undefined
  let hasTaken = false
  let isOver = false
  let settle: ((outputs: unknown) => void) | undefined
  const over = (outcome: unknown) => {
    hasTaken = false
    settle?.(outcome)
    settle = undefined
  }
  const port = {
    context: { clock: time.clock(() => settle !== undefined) },
    took: () => void (hasTaken = true),
    emit: (value: unknown) => void (hasTaken && !isStreaming ? outputs : extras).push(value),
    taken: () => over(outputs.splice(0).values()),
    ended: () => {
      isOver = true
      over(outputs.splice(0).values())
    },
    failed: (error: unknown) => {
      feed = undefined
      outputs.length = 0
      over(Promise.reject(error))
    },
    room: () => undefined,
  }
  const wait = async (give: (feed: ReturnType<OpenFeed>) => void) => {
    // A body that has ended before its input did leaves the rest.
    if (isOver) return undefined
    return new Promise(resolve => {
      settle = resolve
      time.look()
      give((feed ??= open(port)))
    })
  }
  return { receive: item => wait(feed => feed.push(item)), flush: () => wait(feed => feed.end()), extras }
}
