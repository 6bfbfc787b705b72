/** A body that takes items itself, as the model has it: what it emits before it is done with one belongs to that one. */
import type { Feed, OpenFeed } from '../stage/feed.ts'
import type { BehaviourBody } from '../stage/plan.ts'
import type { ModelTime } from './time.ts'

export function fed(open: OpenFeed, time: ModelTime): Pick<BehaviourBody, 'receive' | 'flush'> {
  const outputs: unknown[] = []
  let feed: Feed | undefined
  let settle: ((outputs: unknown) => void) | undefined
  const over = (outcome: unknown = outputs.splice(0).values()) => {
    settle?.(outcome)
    settle = undefined
  }
  const emit = (value: unknown) => outputs.push(value)
  const failed = (error: unknown) => {
    feed = undefined
    outputs.length = 0
    over(Promise.reject(error))
  }
  const context = { clock: time.clock(() => settle !== undefined) }
  const port = { context, emit, taken: () => over(), ended: () => over(), failed, room: () => undefined }
  const wait = (give: (feed: Feed) => void) =>
    new Promise(resolve => {
      settle = resolve
      time.look()
      give((feed ??= open(port)))
    })
  return { receive: item => wait(feed => feed.push(item)), flush: () => wait(feed => feed.end()) }
}
