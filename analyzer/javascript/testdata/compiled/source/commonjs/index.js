import library, { first } from './library'
import single from './single'
import * as whole from './library'
export { second } from './library'
export { library, single, whole }
first('load first')
library.third('load third')
export const go = () => single('call single')
