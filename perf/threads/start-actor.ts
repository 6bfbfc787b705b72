import { defineActor } from '../../src/index.ts'

export const first = defineActor('first', import.meta, (item: number) => item + 1)
