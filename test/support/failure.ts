/** What a promise rejects with; throws where it does not. Attaches at once, so that it is never unhandled. */
import { within } from './within.ts'

export async function failureOf(promise: Promise<unknown>, millis = 5_000): Promise<any> {
  const nothing = Symbol('nothing')
  const error = await within(
    millis,
    promise.then(
      () => nothing,
      failure => failure,
    ),
    'the failure',
  )
  if (error === nothing) throw new Error('must fail, and did not')
  return error
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
