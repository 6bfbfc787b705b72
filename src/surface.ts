/** The public surface, by topic. */

/* ── actors ── */
export type { Behaviour, Emitted, StreamBehaviour } from './actor/behaviour.ts'
export type { Context } from './actor/context.ts'
export { type Actor, defineActor, type Home, type Unstarted } from './actor/define-actor.ts'
export type { StandardSchema } from './actor/schema.ts'
/* ── the command line ── */
export type { Job, JobModule, Progress } from './cli/job.ts'
/* ── time ── */
export type { Clock } from './clock.ts'
/* ── errors ── */
export {
  ActorNotFound,
  AskTimeout,
  ChannelFull,
  CorruptFrame,
  GraceExceeded,
  Inactive,
  InvalidBlueprint,
  InvalidKey,
  InvalidOperator,
  InvalidOption,
  InvalidOptions,
  InvalidSource,
  ItemDropped,
  ItemTimeout,
  ItemTooLarge,
  MillraceError,
  type Mistake,
  ModuleChanged,
  NotCloneable,
  NotRepeatable,
  NotRunning,
  OutputLimit,
  RunEnded,
  SchemaMismatch,
  SendAfterEnd,
  SourceUsed,
  StageFailed,
  StateLost,
  TooManyDeadLetters,
  TooManyRestarts,
  UndefinedItem,
  UnhandledDeadLetters,
  UnknownStage,
  UnreadableFile,
  UnreadOutput,
  UnwritableFile,
  WorkerDied,
  WorkerNotReady,
} from './errors.ts'
/* ── memory ── */
export { allocate } from './memory/allocate.ts'
/* ── looking in ── */
export type { Snapshot, Spread, StageSnapshot } from './metrics/snapshot.ts'
/* ── options ── */
export { checkOptions, type Option, type Options } from './options.ts'
/* ── pipelines ── */
export type {
  DeadLetter,
  Entered,
  Failure,
  FailurePolicy,
  Flow,
  HomeOptions,
  Inferred,
  Live,
  Overflow,
  Pipeline,
  PipelineEvent,
  Placement,
  Running,
  RunOptions,
  Runtime,
  Source,
  SourceContext,
  SourceOptions,
  StageOptions,
  Start,
  Summary,
  Supervision,
  TravelOptions,
  WorkerResources,
} from './pipeline/language.ts'
export { pipeline } from './pipeline/pipeline.ts'
export { type Backoff, exponential } from './stage/backoff.ts'
