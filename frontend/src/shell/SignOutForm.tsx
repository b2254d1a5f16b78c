// Signing out is a POST; the buttons that do it name this form.

import { csrfToken } from "../api/client";
import { page } from "../page";

export const SIGN_OUT_FORM = "sign-out";

export function SignOutForm() {
  const refresh = (event: React.SubmitEvent<HTMLFormElement>) => {
    const field = event.currentTarget.elements.namedItem("csrfmiddlewaretoken");
    if (field instanceof HTMLInputElement) field.value = csrfToken();
  };
  return (
    <form id={SIGN_OUT_FORM} method="post" action={page.logoutUrl} hidden onSubmit={refresh}>
      <input type="hidden" name="csrfmiddlewaretoken" defaultValue={page.csrfToken} />
    </form>
  );
}
