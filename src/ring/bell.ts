/**
 * Where those wait who have nothing to do: one word.
 *
 *     even      nobody listens: to ring costs one load
 *     odd       somebody is parked, or about to be
 *
 *     listen    even ──▶ odd                then look once more, and only then wait
 *     ring      odd ──▶ the next even, and wake all
 *
 * No wake-up is lost: whoever rings has published first, whoever waits has listened first and then looked. In the one order
 * of these accesses either the listener comes first, and the ringer finds the word odd; or it comes later, and its look finds
 * what was published. Whoever dies after publishing, or between the two steps of ringing, wakes nobody: then its supervisor
 * does (`wake`, in `Table.settle`).
 *
 * All are woken, and whoever finds nothing parks again. One bell a stage, so only its own workers come for nothing.
 */
import type { Words } from './words.ts'

export class Bell {
  readonly words: Words
  readonly at: number

  constructor(words: Words, at: number) {
    this.words = words
    this.at = at
  }

  ring(): void {
    const heard = this.words.load(this.at)
    // If the swap fails, another has rung since; and who listens since then looks later than we published.
    if (heard & 1 && this.words.swap(this.at, heard, (heard + 1) | 0)) this.words.notify(this.at)
  }

  /** Rings for one who died: also where it had made the word even, and had not come to wake those who wait for the odd one. */
  wake(): void {
    this.ring()
    this.words.notify(this.at)
  }

  /** Says that somebody is about to wait; gives the value to wait on, after one more look. */
  listen(): number {
    for (;;) {
      const heard = this.words.load(this.at)
      if (heard & 1) return heard
      if (this.words.swap(this.at, heard, (heard + 1) | 0)) return (heard + 1) | 0
    }
  }

  wait(heard: number, millis: number): void {
    this.words.wait(this.at, heard, millis)
  }
}
