"use strict"
// Asks a security key (WebAuthn) what the form carries as its question, and sends the answer with the form.
for (const form of document.querySelectorAll("form[data-security-key]")) {
  form.querySelector("button").addEventListener("click", async () => {
    const trouble = form.querySelector(".wrong")
    trouble.hidden = true
    try {
      const answer = await window.webauthnJSON[form.dataset.securityKey](JSON.parse(form.dataset.question))
      form.elements.credential.value = JSON.stringify(answer)
      form.submit()
    } catch (problem) {
      trouble.hidden = false
    }
  })
}
