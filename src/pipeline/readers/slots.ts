/** Slots (`inFlight`) that results hold which were given out, until every reader is done with them. */
import type { Channel } from '../../channel/channel.ts'
import type { Tag } from '../../channel/ticket.ts'

export class Slots {
  /** In order of their positions. */
  readonly #taken: { readonly position: number; readonly tag: Tag }[] = []

  /** The next `count` results leave the channel, and keep their slots. */
  keep(channel: Channel, count: number): void {
    for (let i = 0; i < count; i++) {
      const { tag } = channel
      if (tag) this.#taken.push({ position: channel.taken, tag })
      channel.passed(1)
    }
  }

  /** Every reader is done with everything before this position. */
  release(position: number): void {
    const taken = this.#taken
    let count = 0
    while (count < taken.length && taken[count]!.position < position) count++
    if (count === 0) return
    for (const { tag } of taken.splice(0, count)) {
      tag.hold?.close()
      tag.origin?.close()
    }
  }
}
