/** A module with an actor that has another name than its export. */
import { defineActor } from '../../../src/actor/define-actor.ts'

export const named = defineActor('another', import.meta, (n: number) => n)
