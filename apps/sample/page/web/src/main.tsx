import { render } from 'preact';
import { loadSample } from './api/sample.js';
import { startListening } from './live/live.js';
import { followTheme } from './live/palette.js';
import { Page } from '../../../web/src/page.js';
import { lookForWallets } from './wallets/offers.js';
import '../../../web/src/styles/tokens.css';
import '../../../web/src/styles/base.css';
import '../../../web/src/styles/layout.css';
import '../../../web/src/styles/controls.css';
import '../../../web/src/styles/panels.css';
import '../../../web/src/styles/live.css';

const root = document.getElementById('page');
if (root) {
  followTheme();
  lookForWallets();
  render(<Page />, root);
  startListening();
  void loadSample();
}
