// SPDX-License-Identifier: Apache-2.0
// A browser lands here after a login at a provider.  What it is shown stands behind "#", which it sends to no
// server, and leaves the address bar at once.  Nothing is stored, and nothing is asked of the server.
"use strict";

const element = (id) => document.getElementById(id);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CODE = /^[0-9]{8}$/;
const ACCOUNT = /^[A-Za-z0-9_@+-][A-Za-z0-9._@+-]{0,127}$/;
const WORD = /^[a-z0-9-]{1,64}$/;
const AGAIN = " Begin again where you approve the request.";
const WORDS = {
	"login-unknown": "This is no login that began here." + AGAIN,
	"login-over": "This login is over: ten minutes have passed, or a newer one has begun." + AGAIN,
	"login-used": "This login has been used before: each counts once." + AGAIN,
	"login-of-another": "You logged in as somebody else than whom your operator set for this account. Log out at the provider, then begin again as yourself; or ask your operator to set the field provider_id of your document person.",
	"login-no-connector": "The provider is not set up here any more. Ask your operator.",
	"login-away": "This cannot be done right now." + AGAIN,
	"login-too-many": "Too many logins came from your network this hour. Try again later.",
	"login-too-large": "The provider said more than is read here. Ask your operator to let it say less of you.",
	"oidc-denied": "The provider did not let you in, or you declined." + AGAIN,
	"saml-denied": "The provider did not let you in, or you declined." + AGAIN,
	"saml-login": "The provider took an earlier login of yours for this one. Log out there." + AGAIN,
};

function say(text, kind) {
	element("status").textContent = text;
	element("status").className = kind;
}

function showCode(said) {
	const code = said.get("code");

	element("code").textContent = `${code.slice(0, 4)} ${code.slice(4)}`;
	element("account").textContent = said.get("account");
	element("request").textContent = said.get("request");
	element("shown").hidden = false;
	say("You have logged in.", "good");
}

// What was wrong with the provider's answer is said by a table of the server's.
function wordsOf(word) {
	if (Object.hasOwn(WORDS, word))
		return WORDS[word];
	const why = Object.hasOwn(REFUSALS, word) ? REFUSALS[word] : AGAIN.trim();
	return `What the provider said of this login is not accepted (${word}). ${why} If it stays so, tell your operator.`;
}

const said = new URLSearchParams(location.hash.slice(1));

// Neither in the address bar nor in the history nor in a copied address.
history.replaceState(null, "", location.pathname);
// Anybody can send somebody here: what has not its own form is no text of ours, and is not shown under our name.
if (CODE.test(said.get("code") || "") && UUID.test(said.get("request") || "") && ACCOUNT.test(said.get("account") || ""))
	showCode(said);
else if (WORD.test(said.get("error") || ""))
	say(wordsOf(said.get("error")), "bad");
else
	say("Here a code is shown to whoever comes from a login at a provider." + AGAIN, "bad");
