// SPDX-License-Identifier: Apache-2.0
// The link of a mail opens this page.  What it carries stands behind "#", which no browser sends to a
// server, so that whoever only fetches the link (a scanner, a preview) has shown the token to nobody;
// nothing is confirmed but by a person who is logged in and presses the button.
"use strict";

const element = (id) => document.getElementById(id);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CHECK = /^mailbox-[1-9][0-9]?$/;
const TOKEN = /^[A-Z2-7]{4}(-[A-Z2-7]{4}){7}$/;

let link = null; // { request, check, token }
let key = "";    // never stored: a reload asks again
let known = false; // logged in as who made the request

function say(text, kind) {
	element("status").textContent = text;
	element("status").className = kind || "";
}

function readLink() {
	const parts = location.hash.slice(1).split("/");

	// The token shall not stay in the address bar, the history or a copied address.
	history.replaceState(null, "", location.pathname);
	if (parts.length !== 3 || !UUID.test(parts[0]) || !CHECK.test(parts[1]) || !TOKEN.test(parts[2]))
		return null;
	return { request: parts[0], check: parts[1], token: parts[2] };
}

async function call(method, path, body) {
	const answer = await fetch(`v1/requests/${link.request}${path}`, {
		method,
		headers: Object.assign({ Authorization: `Bearer ${key}` },
			body ? { "Content-Type": "application/json" } : {}),
		body: body ? JSON.stringify(body) : undefined,
		credentials: "omit",
		redirect: "error",
	});
	const problem = answer.ok ? null : await answer.json().catch(() => ({}));

	if (problem && answer.status === 401)
		throw new Error("This API token is not valid.");
	if (problem && answer.status === 404) {
		logOut(); // also of an operator, who sees the request and cannot confirm it
		throw new Error("This account did not make the request of this link. Log in as who made it.");
	}
	if (problem)
		throw new Error([problem.detail || problem.title, problem.mend].filter(Boolean).join(" "));
	return answer.json();
}

// One at a time, and whatever goes wrong is said.
function onSubmit(form, work) {
	form.addEventListener("submit", async (event) => {
		const button = form.querySelector("button");

		event.preventDefault();
		button.disabled = true;
		try {
			await work();
		} catch (error) {
			say(error instanceof TypeError ? "The server cannot be reached. Try again." : error.message, "bad");
		}
		button.disabled = false;
	});
}

// The link is kept: whoever opened it may log in as somebody else.
function logOut() {
	key = "";
	known = false;
	element("confirm").hidden = true;
	element("login").hidden = false;
}

async function logIn() {
	key = element("key").value.trim();
	const request = await call("GET", "");
	const check = request.checks.find((one) => one.id === link.check);

	if (!check)
		throw new Error("The request has no such mailbox to confirm.");
	element("mailbox").textContent = check.target;
	element("account").textContent = request.account;
	element("request").textContent = link.request;
	element("key").value = "";
	known = true;
	element("login").hidden = true;
	element("confirm").hidden = false;
	say("You are logged in. Nothing is confirmed before you press the button.");
}

// Programs press buttons that nobody sees.
async function confirm() {
	if (!known)
		return;
	await call("POST", `/checks/${link.check}/token`, { token: link.token });
	element("confirm").hidden = true;
	say("The mailbox is confirmed. You can close this page.", "good");
}

link = readLink();
if (link) {
	element("login").hidden = false;
	onSubmit(element("login"), logIn);
	onSubmit(element("confirm"), confirm);
} else {
	say("This link is not whole. Open it again from the mail, or type the token where the certificate is requested.", "bad");
}
