/** A module with an actor that has another name than its export. */
import { defineActor } from '../../../src/index.ts'

export const named = defineActor('another', import.meta, (n: number) => n)
