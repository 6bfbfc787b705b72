/** What a blueprint needs to be checked and run; its place is taken by far-engine.ts where nothing is run. */
export { startRun } from './run/run.ts'
export { mistakesOf, validate } from './validate.ts'
