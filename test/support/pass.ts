import type { ManualClock } from '../../src/testing/manual-clock.ts'
import { turns } from './turns.ts'

/** Moves the clock step by step, with time for everything to happen in between. */
export async function pass(clock: ManualClock, millis: number, step = 100): Promise<void> {
  await turns(3)
  for (let passed = 0; passed < millis; passed += step) {
    clock.advance(Math.min(step, millis - passed))
    await turns(3)
  }
}
