"""Ranking: which sentences stand for a text, which answer a query, and how to pick some that do not repeat
each other.

Scores are rounded before they are compared and ties go to the earlier sentence, so that the same texts give
the same choice on every machine. Products are of sparse matrices: no threads, no library whose sums depend on
the processor.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from reprise_research.text.words import terms

Vector = NDArray[np.float64]
_DIGITS = 6


def rounded(scores: Vector) -> Vector:
    """Scores as they are compared: to six digits, so that the last bits of a sum decide nothing."""
    return np.asarray(np.round(scores, _DIGITS), dtype=np.float64)


def vectors(sentences: Sequence[str], code: str = "en") -> sparse.csr_matrix:
    """TF-IDF rows of unit length over the sentences' terms, shape (sentences, terms); a sentence without
    terms is a zero row."""
    return rows_of([terms(sentence, code) for sentence in sentences])


def rows_of(documents: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """The same for documents whose terms are known. A term weighs `1 + ln(its count)` times
    `1 + ln((1 + documents) / (1 + documents with it))` (Salton and Buckley 1988, smoothed)."""
    counts = [Counter(document) for document in documents]
    spread = Counter(term for count in counts for term in count)
    if not spread:
        return sparse.csr_matrix((len(documents), 1))
    columns = {term: column for column, term in enumerate(sorted(spread))}
    rarity = 1 + np.log((1 + len(documents)) / (1 + np.array([spread[term] for term in columns])))
    places = [sorted((columns[term], number) for term, number in count.items()) for count in counts]
    flat = np.array([pair for row in places for pair in row], dtype=np.int32).reshape(-1, 2)
    starts = np.cumsum([0, *map(len, places)])
    weights = (1 + np.log(flat[:, 1])) * rarity[flat[:, 0]]
    made = sparse.csr_matrix((weights, flat[:, 0], starts), shape=(len(documents), len(columns)))
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1)).ravel())
    lengths[lengths == 0] = 1.0
    made.data /= np.repeat(lengths, np.diff(starts))
    return made


def similarities(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The cosine of every pair of rows, shape (rows, rows)."""
    return sparse.csr_matrix(rows @ rows.T)


def lexrank(
    similarity: sparse.csr_matrix, bias: Vector | None = None, threshold: float = 0.1, damping: float = 0.85
) -> Vector:
    """Centrality of each sentence, the largest being 1 (LexRank: Erkan and Radev 2004). With `bias`, a weight
    per sentence of at least 0, the random jump prefers those sentences (biased LexRank: Otterbacher, Erkan
    and Radev 2005)."""
    size = similarity.shape[0]
    if size == 0:
        return np.zeros(0)
    graph = sparse.csr_matrix(similarity.multiply(similarity >= threshold))
    graph.setdiag(0.0)
    degree = np.asarray(graph.sum(axis=1)).ravel()
    alone = degree == 0
    degree[alone] = 1.0
    walk = sparse.diags(1.0 / degree) @ graph
    jump = np.full(size, 1.0 / size)
    if bias is not None and bias.sum() > 0:
        jump = 0.5 * jump + 0.5 * bias / bias.sum()
    score = jump.copy()
    for _ in range(60):
        following = (1 - damping) * jump + damping * (walk.T @ score + float(score[alone].sum()) * jump)
        following /= following.sum()
        if np.abs(following - score).max() < 1e-9:
            break
        score = following
    return rounded(score / score.max())


def bm25(documents: Sequence[Sequence[str]], query: Sequence[str]) -> Vector:
    """The score of each document for a query, the largest being 1 unless all are 0 (BM25: Robertson, Walker
    et al. 1994)."""
    if not documents or not any(documents) or not query:
        return np.zeros(len(documents))
    index = bm25s.BM25(k1=1.2, b=0.5)
    index.index([list(document) for document in documents], show_progress=False)
    score = np.asarray(index.get_scores(list(query)), dtype=np.float64)
    top = score.max() if score.size else 0.0
    return rounded(score / top) if top > 0 else np.zeros(len(documents))


def bm25_by(
    documents: Sequence[Sequence[str]], kinds: Sequence[str], queries: Mapping[str, Sequence[str]]
) -> Vector:
    """The same where each document is asked the query of its kind (its language): the scores are of one
    index, and can be compared."""
    score = np.zeros(len(documents))
    if not any(documents):
        return score
    index = bm25s.BM25(k1=1.2, b=0.5)
    index.index([list(document) for document in documents], show_progress=False)
    for kind in sorted(set(kinds)):
        if queries.get(kind):
            own = np.asarray(index.get_scores(list(queries[kind])), dtype=np.float64)
            score = np.where(np.array([one == kind for one in kinds]), own, score)
    top = score.max()
    return rounded(score / top) if top > 0 else score


def mmr(relevance: Vector, similarity: sparse.csr_matrix, count: int, balance: float = 0.7) -> list[int]:
    """Pick up to `count` rows, each relevant and unlike those before it (maximal marginal relevance:
    Carbonell and Goldstein 1998). `balance` is 1 for relevance alone. Rows without relevance are never
    picked."""
    candidates = [int(i) for i in np.argsort(-relevance, kind="stable") if relevance[i] > 0]
    nearest = np.zeros(len(relevance))
    chosen: list[int] = []
    while candidates and len(chosen) < count:
        scores = [
            round(balance * float(relevance[i]) - (1 - balance) * float(nearest[i]), _DIGITS)
            for i in candidates
        ]
        best = candidates.pop(scores.index(max(scores)))
        chosen.append(best)
        nearest = np.maximum(nearest, similarity[[best]].toarray().ravel())
    return chosen
