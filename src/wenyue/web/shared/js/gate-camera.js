// The camera as a scanner. The browser's own reader where it has one, else jsQR in a worker, loaded when the camera opens.

const SAME_CODE_PAUSE_MS = 6000;
const LOOK_EVERY_MS = 120;
const PICTURE_PX = 720;

// A function that reads the code in the video's picture, '' for none. Rejects when there is no reader.
async function makeReader() {
  const formats = (await window.BarcodeDetector?.getSupportedFormats().catch(() => [])) ?? [];
  if (formats.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code", "code_128"].filter((one) => formats.includes(one)) });
    return { read: async (video) => (await detector.detect(video).catch(() => []))[0]?.rawValue ?? "", close() {} };
  }
  const worker = new Worker(new URL("./gate-decode.js", import.meta.url), { type: "module" });
  const answer = () => new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = reject;
  });
  await answer(); // it says when it is ready
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return {
    async read(video) {
      const scale = Math.min(1, PICTURE_PX / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      worker.postMessage(picture, [picture.data.buffer]);
      return answer();
    },
    close: () => worker.terminate(),
  };
}

const problemOf = (fault) => ({ NotAllowedError: "refused", NotFoundError: "none", NotReadableError: "taken" })[fault.name] ?? "failed";

// `onCode` is called with each code that the camera sees; `hint` tells the keeper what is the matter.
export function offerCamera(form, words, onCode, hint) {
  const button = form.querySelector("[data-gate-camera]");
  const video = form.querySelector("[data-gate-video]");
  let open = null;

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia) return "insecure";
    if (!("BarcodeDetector" in window) && button.dataset.reader !== "1") return "missing";
    const mine = (open = { last: "", at: 0 });
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch (fault) {
      return problemOf(fault);
    }
    mine.stream = stream;
    if (open !== mine) {
      close(mine);
      return "";
    }
    stream.getVideoTracks()[0].onended = stop;
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    try {
      mine.reader = await makeReader();
    } catch {
      return "missing";
    }
    watch(mine);
    return "";
  }

  async function watch(mine) {
    while (open === mine) {
      const code = video.videoWidth ? await mine.reader.read(video).catch(() => "") : "";
      const isSame = code === mine.last && Date.now() - mine.at < SAME_CODE_PAUSE_MS;
      if (code && open === mine) {
        if (!isSame) onCode(code);
        mine.last = code;
        mine.at = Date.now(); // a code that stays in the picture is one scan
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  function close(one) {
    for (const track of one?.stream?.getTracks() ?? []) track.stop();
    one?.reader?.close();
  }

  function stop() {
    close(open);
    open = null;
    video.hidden = true;
    video.srcObject = null;
    show();
  }

  function show() {
    button.classList.toggle("is-open", open !== null);
    button.title = open ? words.camera_close : words.camera_open;
    button.querySelector("[data-gate-camera-word]").textContent = button.title;
  }

  button.hidden = false;
  button.addEventListener("click", async () => {
    if (open) {
      stop();
      hint("");
      return;
    }
    hint(words.camera_asked);
    button.disabled = true;
    const problem = await start();
    button.disabled = false;
    if (problem) stop();
    hint(problem ? words[`camera_${problem}`] : words.camera_hold);
    show();
  });
  addEventListener("pagehide", () => open && stop());
}
