import { Command } from 'commander';
import { completionScript, type Shell, shells } from '../shell/completion.ts';

const hints: Readonly<Record<Shell, string>> = {
  bash: 'eval "$(vcp completion bash)", in ~/.bashrc to keep it',
  zsh: 'eval "$(vcp completion zsh)", in ~/.zshrc to keep it',
  fish: 'vcp completion fish | source, or into ~/.config/fish/completions/vcp.fish to keep it',
};

/** `vcp completion` */
export function completionCommand(wholeProgram: () => Promise<Command>): Command {
  const command = new Command('completion');
  for (const shell of shells)
    command.addCommand(
      new Command(shell).description(`For ${shell}: ${hints[shell]}`).action(async () => {
        process.stdout.write(completionScript(shell, await wholeProgram()));
      }),
    );
  return command;
}
