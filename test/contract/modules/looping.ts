/** A module that never loads to its end in a worker, and lets nobody else run meanwhile. */
if (Symbol.for('millrace.far') in globalThis) for (;;);

export {}
