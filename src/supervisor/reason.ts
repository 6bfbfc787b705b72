/**
 * Why something happened, as an event carries it: an error of a user, or the reason of a signal.
 *
 * Inspectors write events down, some time later. What they find here is a sentence: an error may hold the item, and may throw
 * when it is looked at, where nobody would catch it.
 */
import { described } from '../errors.ts'

export class Reason {
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  /** The error itself. */
  get value(): unknown {
    return this.#value
  }

  toJSON(): string {
    return described(this.#value)
  }
}

/** The same event, whose reasons can be written down. */
export function sealed<E extends object>(event: E): E {
  const entries = Object.entries(event)
  if (!entries.some(([name]) => isReason(name))) return event
  return Object.fromEntries(entries.map(([name, value]) => [name, isReason(name) ? new Reason(value) : value])) as E
}

/** What was sealed. */
export function opened(value: unknown): unknown {
  return value instanceof Reason ? value.value : value
}

function isReason(name: string): boolean {
  return name === 'error' || name === 'cause' || name === 'reason'
}
