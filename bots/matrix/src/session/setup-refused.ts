/** The bot cannot start with what it was given, and trying again changes nothing. The message names the flag. */
export class SetupRefused extends Error {
  override readonly name: string = "SetupRefused";
}
