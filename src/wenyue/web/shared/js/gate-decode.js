// A worker: reads QR codes in pictures with jsQR, so that keys and answers never wait for it.

import "./jsqr.js"; // it names itself `self.jsQR`

self.onmessage = ({ data }) => {
  self.postMessage(self.jsQR(data.data, data.width, data.height, { inversionAttempts: "dontInvert" })?.data ?? "");
};
self.postMessage("ready");
