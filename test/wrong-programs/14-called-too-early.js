// Sees:    InvalidBlueprint: files/load: a stage takes an actor, a function, { receive }, { stream } or an open pipeline, got Promise { 'content of undefined' } (object): hand in the function itself, without calling it (NOT_A_BODY)
// Mistake: got Promise
// Fix:     hand in the function itself, without calling it

import { pipeline } from 'millrace'

const load = async path => `content of ${path}`

for await (const text of pipeline('files').from(['a', 'b']).stage('load', load()).run()) console.log(text)
