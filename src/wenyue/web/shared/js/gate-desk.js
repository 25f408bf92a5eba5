// What a keeper does beside scanning: takes a scan back, has a second person confirm it, looks somebody up. Each is sent and
// answered in place. The focus is left alone when the answer comes: keys of a scan may be on their way.

// `ask(path, fields)` sends to the gate; `part(name)` is a part of the page; `hint(text)` tells the keeper.
export function openDesk({ ask, part, words, hint }) {
  const failed = (status, text) => hint({ 401: words.trouble_signin, 409: words.trouble_moved }[status] ?? text);
  const fields = (sent) => [...new FormData(sent)].filter(([name]) => name !== "_csrf");

  // Only the row of that scan changes: in another one somebody may be typing a reason.
  function showUndone(scanId, rows) {
    const fresh = document.createElement("template");
    fresh.innerHTML = rows;
    const rowIn = (root) => root.querySelector(`[data-scan="${CSS.escape(scanId)}"]`);
    const row = rowIn(fresh.content);
    if (row) rowIn(part("rows"))?.replaceWith(row);
    if (!row || row.querySelector("form")) return; // not taken back yet
    for (const one of part("panel").querySelectorAll(".gate-undo")) if (one.querySelector('[name="scan_id"]').value === scanId) one.remove();
  }

  async function undo(sent) {
    const { status, said } = await ask("/gate/undo", fields(sent));
    if (!said?.note) {
      failed(status, words.undo_failed);
      return false;
    }
    part("note").innerHTML = said.note;
    showUndone(sent.elements.scan_id.value, said.rows);
    return !part("note").querySelector("form"); // somebody else is asked to confirm it
  }

  async function lookUp(sent) {
    const { status, said } = await ask("/gate/lookup", fields(sent));
    if (said?.found === undefined) failed(status, words.lookup_failed);
    else part("found").innerHTML = said.found;
    return false; // it may be asked again
  }

  const acts = { "/gate/undo": undo, "/gate/lookup": lookUp };
  return {
    does: (path) => path in acts,
    // Whether it is done, so that its form is not sent again.
    send: (path, sent) => acts[path](sent),
    // The second person is not wanted after all: true when that was what the press meant.
    dismiss(event) {
      if (!event.target.closest?.("[data-gate-dismiss]")) return false;
      event.preventDefault();
      part("note").replaceChildren();
      return true;
    },
  };
}
