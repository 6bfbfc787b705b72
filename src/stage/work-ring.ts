/**
 * Works that came one behind the other and leave in that order: a ring in which a work's slot is that of its sequence.
 *
 *               head                    tail
 *                ▼                       ▼
 *     ┄┄┄┄┄┄┄┄┄┄┄▒▒▒▒▓▓▒▓▓▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓┄┄┄┄┄┄      slot = sequence & mask
 *                ▒ settled   ▓ running
 *
 * A work stays in its slot for good and is used again when the ring comes round, so that an item costs no search and no
 * allocation. One that leaves by another way takes its slot's work with it; the slot then gets a new one.
 */
import type { Work } from './work.ts'

const shortest = 16

export class WorkRing {
  /** Read by its lane, which passes the head over what it has let go of. */
  slots: (Work | undefined)[] = new Array(shortest).fill(undefined)
  mask = shortest - 1
  /** Sequence of the first that is here, and of the next that will be: there is nobody where they are the same. */
  head = 0
  tail = 0
  readonly #make: () => Work

  constructor(make: () => Work) {
    this.#make = make
  }

  get size(): number {
    return this.tail - this.head
  }

  /** The work for the next sequence. Who comes to an empty ring may begin with any. */
  push(sequence: number): Work {
    if (this.head === this.tail) this.head = sequence
    else if (sequence - this.head > this.mask) this.#grow()
    this.tail = sequence + 1
    const slot = sequence & this.mask
    return this.slots[slot] ?? this.#fill(slot)
  }

  #fill(slot: number): Work {
    const work = this.#make()
    this.slots[slot] = work
    return work
  }

  #grow(): void {
    const mask = this.mask * 2 + 1
    const slots = new Array<Work | undefined>(mask + 1).fill(undefined)
    for (let sequence = this.head; sequence < this.tail; sequence++) {
      slots[sequence & mask] = this.slots[sequence & this.mask]
    }
    this.slots = slots
    this.mask = mask
  }

  /** The works that are here, in order. Only now they say of themselves what their slot says. */
  all(): Work[] {
    return Array.from({ length: this.size }, (_, i) => {
      const work = this.slots[(this.head + i) & this.mask]!
      work.sequence = this.head + i
      work.isRunning = !work.settled
      return work
    })
  }

  /** The same, and they are here no more. */
  disband(): Work[] {
    const works = this.all()
    for (let sequence = this.head; sequence < this.tail; sequence++) this.slots[sequence & this.mask] = undefined
    this.head = this.tail
    return works
  }
}
