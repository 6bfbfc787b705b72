import { rowContract } from './row.contract.ts'
import { contract } from './runtime.contract.ts'

contract('inline')
rowContract('inline')
