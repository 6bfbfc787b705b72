/** A module that has its process stopped while it is loaded in a worker. */
if (Symbol.for('millrace.far') in globalThis) process.kill(process.pid, 'SIGSTOP')

export {}
