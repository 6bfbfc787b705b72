/** A module without the actor that is looked for in it. */
export const nothing = undefined
