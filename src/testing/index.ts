/** For people who write actors: `millrace/testing`. */
export { type ManualClock, manualClock } from './manual-clock.ts'
