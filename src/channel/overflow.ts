/**
 * What a channel does with one item more than it has room for.
 *
 *     wait          the writer waits (it asks `full` before it comes here)
 *     drop-newest   the item that comes is dropped
 *     drop-oldest   the item that has waited longest is dropped
 *     fail          the pipeline fails
 */
import { counted } from '../messages.ts'
import type { Channel } from './channel.ts'
import type { Tag } from './ticket.ts'

export type Overflow = 'wait' | 'drop-newest' | 'drop-oldest' | 'fail'

/**
 * Puts an item into the channel before `stage`, full or not: says whether it, or an older one, was dropped, or that this is
 * a failure. Whoever asked for what was dropped is told.
 */
export function offer(
  channel: Channel,
  overflow: Overflow,
  stage: string,
  item: unknown,
  tag: Tag | undefined,
  bornAt: number,
  now: number,
  isFull = channel.full(),
): 'in' | 'dropped' | 'full' {
  if (overflow === 'wait' || !isFull) {
    channel.put(item, tag, bornAt, now)
    return 'in'
  }
  if (overflow === 'fail') return 'full'
  channel.dropped++
  let lost = tag
  if (overflow === 'drop-oldest' && channel.count > 0) {
    lost = channel.tag
    channel.take()
    channel.skipped++
    channel.put(item, tag, bornAt, now)
  }
  lost?.hold?.close()
  lost?.origin?.asker?.dropped(stage)
  lost?.origin?.close()
  return 'dropped'
}

/** How full a channel is, as a message says it. */
export function fullness({ count, bytes, capacity }: Channel): string {
  return `${count} of ${counted(capacity.items, 'item')}, ${bytes} of ${counted(capacity.bytes, 'byte')}`
}
