export { close, identify, off, on, open, sayso, set, survey, toggle } from './commands.js'
export { destroy, load } from './load.js'
export { mount } from './mount.js'
