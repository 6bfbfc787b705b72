// Sees:    SendAfterEnd: letters takes no more items: its source gives them all; leave out `from`, and they can be sent
// Mistake: takes no more items: its source gives them all
// Fix:     leave out `from`

import { pipeline } from 'millrace'

const run = pipeline('letters').from(['a', 'b']).run()
run.output.subscribe(letter => console.log(letter))

await run.send('c')
