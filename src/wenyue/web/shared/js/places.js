// Enhancement only: "from where I am" fills the field of the place that distances are counted from, to a kilometre, and sends
// the form. Nobody is asked before the button is pressed.

for (const button of document.querySelectorAll("[data-locate]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    const { form } = button;
    const refused = () => {
      button.disabled = true;
      button.textContent = button.dataset.denied;
      form.elements.from.focus();
    };
    const found = ({ coords }) => {
      form.elements.from.value = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
      form.elements.sort.value = "near";
      form.requestSubmit();
    };
    navigator.geolocation.getCurrentPosition(found, refused, { timeout: 8000, maximumAge: 600000 });
  });
}
// The chosen date is seen, however far to the right it stands.
document.querySelector(".date[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
