/** For people who write actors: `millrace/testing`. */
export { TestDeadline } from './errors.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
