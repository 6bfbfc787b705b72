/**
 * What the helpers for tests throw, each with a code of its own: no run outside of a test ever meets them.
 */
import { MillraceError } from '../errors.ts'
import { said } from '../messages.ts'

/** Something did not happen in time: a test that waits for ever would hide all that come after it. */
export class TestDeadline extends MillraceError {
  /** What is waited for, one line each; empty where nobody knows. */
  readonly waitsFor: readonly string[]

  /** `what`: a sentence without its end, e.g. `the actor wait is not done`. `deadline`: ms. */
  constructor(what: string, deadline: number, waitsFor: readonly string[] = []) {
    super(...said('ERR_TEST_DEADLINE', { what, deadline, waitsFor: waitsFor.join(', ') || undefined }))
    this.waitsFor = waitsFor
  }
}

/** A run did not lead to what the sequential model says. */
export class ModelMismatch extends MillraceError {
  /** Of the first result, or dead letter, that differs. Undefined where it is something else that does. */
  readonly index: number | undefined
  /** What the model says. */
  readonly expected: unknown
  /** What the run led to. */
  readonly actual: unknown

  constructor(message: string, found: { index?: number; expected?: unknown; actual?: unknown; cause?: unknown }) {
    super(
      ...said('ERR_MODEL_MISMATCH', { what: message }),
      found.cause === undefined ? undefined : { cause: found.cause },
    )
    this.index = found.index
    this.expected = found.expected
    this.actual = found.actual
  }
}

/** What a `faulty` actor throws that was told to fail, and not what with. */
export class FailedOnCue extends MillraceError {
  /** `where`: e.g. `item 3, attempt 1`. */
  constructor(where: string) {
    super(...said('ERR_FAILED_ON_CUE', { where }))
  }
}

/** What a `faulty` actor throws that was told to die; `unlessDied` makes a restart of it. */
export class DiedOnCue extends MillraceError {
  /** `where`: e.g. `item 3, attempt 1`. */
  constructor(where: string) {
    super(...said('ERR_DIED_ON_CUE', { where }))
  }
}
