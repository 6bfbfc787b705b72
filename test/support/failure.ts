/** What a promise rejects with; throws where it does not. */
import { within } from './within.ts'

/** Listens at once, so that neither the failure nor its absence is ever unhandled. */
export function failureOf(promise: Promise<unknown>, millis = 5_000): Promise<any> {
  const nothing = Symbol('nothing')
  const found = within(
    millis,
    promise.then(
      () => nothing,
      failure => failure,
    ),
    'the failure',
  ).then(error => {
    if (error === nothing) throw new Error('must fail, and did not')
    return error
  })
  found.catch(() => {})
  return found
}

/** What a function throws; throws where it does not. */
export function thrownBy(fn: () => unknown): any {
  try {
    fn()
  } catch (error) {
    return error
  }
  throw new Error('must throw, and did not')
}
