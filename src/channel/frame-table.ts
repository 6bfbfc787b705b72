/**
 * Who works on what: cuts a row of items, numbered 0, 1, 2 …, into frames and hands them out.
 *
 *                   lowest                                     cut           arrived
 *                     ▼                                         ▼               ▼
 *     ━━━━━━━━━━━━━━━━┝━━ claimed ━━┥━━━━━━━━━━━━━┝━━━ ready ━━━┥┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
 *        committed        by a         committed     given back    not cut yet
 *
 *     free ──claim──▶ claimed ──commit, by that owner in that epoch──▶ free
 *                       │  ▲
 *              giveBack │  │ claim: the lowest first, before anything new is cut
 *                       ▼  │
 *                      ready
 *
 * Invariant: the open frames (claimed or ready) do not overlap, and every position before `cut` is either committed or in
 * exactly one of them. A claim is known by its epoch, which no other claim ever has: a commit that comes after its owner
 * was declared dead is fenced by it, even when the same worker, or the same `Frame`, has the same run of items again.
 */
import { SequenceError } from '../errors.ts'

/**
 * A run of items that is claimed, handled and committed together. The table owns it and uses it again once it is free:
 * whoever keeps one beyond its commit keeps `owner` and `epoch` beside it and asks `holds`.
 */
export class Frame {
  from = 0
  /** Exclusive. */
  to = 0
  /** Who claimed it last. */
  owner = -1
  /** Number of the last claim; 0 before the first. */
  epoch = 0
  state: 'free' | 'claimed' | 'ready' = 'free'
  /** Neighbours among the open frames, by position. The table's own. */
  before: Frame = this
  after: Frame = this
}

export class FrameTable {
  /** Closes the ring of open frames: after it comes the lowest one, before it the highest. Never handed out. */
  readonly #ring = new Frame()
  /** Frames to use again; never more than were once open together. */
  readonly #free: Frame[] = []
  #cut = 0
  #open = 0
  /** How many of the open frames are ready: nearly always 0, and then nobody searches. */
  #ready = 0
  /** Epoch of the last claim. */
  #epoch = 0

  /** Items before this position have been cut into frames. Moves back when the last frame is split. */
  get cut(): number {
    return this.#cut
  }

  /** Frames claimed or given back, and not yet committed. */
  get open(): number {
    return this.#open
  }

  /** The lowest position that is not yet committed: `cut` when no frame is open. */
  lowest(): number {
    return this.#open === 0 ? this.#cut : this.#ring.after.from
  }

  /**
   * A frame for `owner`: the lowest one that was given back, whole; else the next run of at most `most` of the items
   * before `arrived`. Undefined if there is neither.
   */
  claim(owner: number, arrived: number, most: number): Frame | undefined {
    let frame: Frame
    if (this.#ready > 0) {
      frame = this.#ring.after
      while (frame.state !== 'ready') frame = frame.after
      this.#ready--
    } else {
      const to = Math.min(arrived, this.#cut + most)
      if (!(to > this.#cut)) return undefined
      frame = this.#insert(this.#ring, this.#cut, to)
      this.#cut = to
    }
    frame.state = 'claimed'
    frame.owner = owner
    frame.epoch = ++this.#epoch
    return frame
  }

  /** Whether the claim that `owner` made in `epoch` still stands. */
  holds(frame: Frame, owner: number, epoch: number): boolean {
    return frame.epoch === epoch && frame.owner === owner && frame.state === 'claimed'
  }

  /** Ends a claim: true, and the frame is free; false, and nothing changes, if that claim no longer stands. */
  commit(frame: Frame, owner: number, epoch: number): boolean {
    if (!this.holds(frame, owner, epoch)) return false
    frame.before.after = frame.after
    frame.after.before = frame.before
    frame.state = 'free'
    this.#open--
    this.#free.push(frame)
    return true
  }

  /**
   * Shortens an open frame to the items before `at`. The rest, if it is what was cut last, is not cut any more, so that
   * it can be cut anew by what is known by then; otherwise it is a frame of its own that waits as if given back.
   *
   * Precondition: the caller holds the claim.
   */
  split(frame: Frame, at: number): void {
    if (frame.state === 'free' || !(at > frame.from && at <= frame.to)) {
      throw new SequenceError(`a ${frame.state} frame from ${frame.from} to ${frame.to} cannot be split at ${at}`)
    }
    if (at === frame.to) return
    if (frame.to === this.#cut) {
      this.#cut = at
    } else {
      this.#insert(frame.after, at, frame.to).state = 'ready'
      this.#ready++
    }
    frame.to = at
  }

  /** Makes all that `owner` had claimed ready for others, and says how many frames that were. */
  giveBack(owner: number): number {
    let givenBack = 0
    for (let frame = this.#ring.after; frame !== this.#ring; frame = frame.after) {
      if (frame.owner === owner && frame.state === 'claimed') {
        frame.state = 'ready'
        givenBack++
      }
    }
    this.#ready += givenBack
    return givenBack
  }

  /** A new open frame, in the row before `after`. */
  #insert(after: Frame, from: number, to: number): Frame {
    const frame = this.#free.pop() ?? new Frame()
    frame.from = from
    frame.to = to
    frame.after = after
    frame.before = after.before
    after.before.after = frame
    after.before = frame
    this.#open++
    return frame
  }
}
