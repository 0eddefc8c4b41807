"""Research two texts with a model behind an OpenAI-compatible API, and see what it spent and what it could
not do.

REPRISE_LLM__BASE_URL=http://127.0.0.1:8080/v1 REPRISE_LLM__MODEL=qwen3 python docs/examples/with_a_model.py
"""

import asyncio
import sys

from reprise_research import DeepResearchAgent, ResearchSession
from reprise_research.stores import MemoryStore
from reprise_runtime.settings import Settings

TEXTS = {
    "Lake authority": "The level of the lake fell by 40 centimetres last summer. Fishing fell by 12 percent "
    "in the same season. "
    "The authority blames the dry spring for the low level.",
    "Fishers' union": "Fishing fell by 30 percent last season, according to the landings of 80 boats. "
    "We believe that farms take too much water. The level of the lake fell every summer since 2019.",
}


async def main() -> None:
    """Run the example and print what it shows."""
    llm = Settings().llm
    session = ResearchSession(
        topic="Why is the lake so low, and what does it mean for fishing?",
        engine="openai",
        model=llm.model,
        language="en",
    )
    async with DeepResearchAgent(session, MemoryStore(), settings=llm.given()) as agent:
        for title, text in TEXTS.items():
            await agent.add_text(text, title)
        await agent.run_research()
    for node, entry in session.entries.items():
        meta = entry.artifact.meta
        sys.stdout.write(
            f"{node}: {meta.tokens.total} "
            f"tokens{''.join(f', without the model: {one}' for one in meta.fallbacks)}\n"
        )
    sys.stdout.write(f"\n{session.phase4.markdown}")


if __name__ == "__main__":
    asyncio.run(main())
