/** For people who write actors: `millrace/testing`. */
/* ── one actor ── */

/* ── faults ── */
export type { Cue, Cues, FailCue, HangCue } from './cues.ts'
export { DiedOnCue, FailedOnCue, ModelMismatch, TestDeadline } from './errors.ts'
/* ── pipelines ── */
export { type ExpectModelOptions, expectModel } from './expect-model.ts'
export { type Faulty, type FaultyUnstarted, faulty, unlessDied } from './faulty.ts'
/* ── time ── */
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type ActorFailure, type ActorRun, type Fed, type RunActorOptions, runActor } from './run-actor.ts'
export type { Fault, FaultCounts, FaultName, Faults } from './script.ts'
