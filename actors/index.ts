/** The shelf: ready-made actors, each built on the public API alone. */
export { batch } from './batch.ts'
