/** `npm run bench:peers` */
import { install } from './environment.ts';

install();
