/** What the failure of an item costs: the policy of its stage says so. */
import { InvalidOption } from '../errors.ts'
import type { Failure, FailurePolicy, StagePlan } from './plan.ts'

/** A policy that throws, or says nothing that is known, stops the pipeline with the failure that it was asked about. */
export function policyOf(
  { onFailure, pipeline, name }: StagePlan,
  failure: Failure,
  suppressed: (error: unknown) => void,
): FailurePolicy {
  try {
    const said = typeof onFailure === 'function' ? onFailure(failure) : onFailure
    if (said === 'stop' || said === 'skip' || said === 'restart') return said
    throw new InvalidOption(
      'onFailure',
      "a function that gives 'stop', 'skip' or 'restart'",
      said,
      `${pipeline}/${name}`,
    )
  } catch (thrown) {
    suppressed(thrown)
    return 'stop'
  }
}
