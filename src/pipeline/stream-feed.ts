/**
 * A body over the whole stream, as a feed.
 *
 * The body asks for items by `next()` of the iterable that it was given: that ends the item it had before, and everything
 * it has yielded since then belongs to that item. What it yields before it has one belongs to none.
 */
import type { AnyStreamBehaviour } from '../actor/behaviour.ts'
import type { Feed, OpenFeed } from '../actor/feed.ts'

export function streamFeed({ stream }: AnyStreamBehaviour, arg: unknown): OpenFeed {
  return port => {
    /** Items handed over and not yet asked for: at most one. */
    const items: unknown[] = []
    const asking: ((result: IteratorResult<unknown>) => void)[] = []
    let hasItem = false
    let isEnded = false
    let isCancelled = false

    const over: IteratorResult<unknown> = { done: true, value: undefined }
    const give = () => {
      while (asking.length > 0 && items.length > 0) {
        hasItem = true
        port.took()
        asking.shift()!({ done: false, value: items.shift() })
      }
      if (isEnded && items.length === 0) for (const answer of asking.splice(0)) answer(over)
    }
    const iterator: AsyncIterator<unknown> = {
      next: () =>
        new Promise(resolve => {
          asking.push(resolve)
          if (hasItem) {
            hasItem = false
            port.taken()
          }
          give()
        }),
      return: () => {
        isEnded = true
        items.length = 0
        return Promise.resolve(over)
      },
    }

    const drive = async () => {
      const body = stream({ [Symbol.asyncIterator]: () => iterator }, port.context as never, arg) as
        | AsyncGenerator<unknown>
        | Generator<unknown>
      running = body
      try {
        for (;;) {
          const { done, value } = await body.next()
          if (done || isCancelled) break
          port.emit(value)
          const room = port.room()
          if (room) await room
        }
        if (isCancelled) await body.return(undefined)
        else port.ended()
      } catch (error) {
        if (!isCancelled) port.failed(error)
      }
    }
    let running: AsyncGenerator<unknown> | Generator<unknown> | undefined
    void Promise.resolve().then(drive)

    const feed: Feed = {
      push(item) {
        items.push(item)
        give()
      },
      end() {
        isEnded = true
        give()
      },
      cancel() {
        isCancelled = true
        isEnded = true
        items.length = 0
        give()
        void Promise.resolve(running?.return(undefined)).catch(() => {})
      },
    }
    return feed
  }
}
