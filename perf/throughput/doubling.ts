/** The actor of the bench `start`. */
import { defineActor } from 'millrace'

export const doubling = defineActor('doubling', import.meta, (n: number) => n * 2)
